/** Telling the page's Python what somebody did in a component. */

const KEEP_MS = 10000;
const MOST = 8;

/**
 * Report an event, with the few before it: while the page is busy Streamlit keeps only a component's newest report, so
 * that of two quick clicks the first would be lost. Python knows by the stamps which it has heard.
 *
 * @param {{parentElement: Element|ShadowRoot, setTriggerValue: function}} component
 * @param {object} event
 */
export function reportEvent({ parentElement, setTriggerValue }, event) {
  const now = performance.now();
  const before = (parentElement.hotLensTold ?? []).filter(({ stamp }) => now - stamp < KEEP_MS).slice(-MOST);
  const stamped = { ...event, stamp: before.length ? Math.max(now, before.at(-1).stamp + 1) : now };
  parentElement.hotLensTold = [...before, stamped];
  setTriggerValue("event", { ...stamped, before });
}
