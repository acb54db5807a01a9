"""What the listener to plotly figures hands back: run in node over a page of two figures that only listen."""

from tests.javascript import run_module

PAGE = """
import listener from "@@/plot_events.js";
const plot = (name) => {
  const made = { name, _ev: {}, heard: {} };
  made.on = (event, handler) => { made.heard[event] = handler; };
  made.removeListener = (event, handler) => { if (made.heard[event] === handler) delete made.heard[event]; };
  made.addEventListener = () => {};  // of the element itself, for fingers
  return made;
};
const page = { a: plot("a"), b: plot("b") };
globalThis.document = { querySelector: (what) => page[/st-key-(\\w+) /.exec(what)[1]] };
const events = [];
const component = {
  data: { figures: ["a", "b"] },
  parentElement: {},
  setTriggerValue: (name, value) => events.push({ name, value }),
};
const axis = { _id: "x2" };
const point = { x: "2013-07-14", y: 3.5, xaxis: axis, pointNumber: [4, 7] };
"""

ZOOM = PAGE.replace("@@/plot_events.js", "@@/plot_zoom.js").replace("import listener", "import zoom")
TIMERS = """
const timers = new Map();
globalThis.setInterval = (task) => { timers.set(timers.size + 1, task); return timers.size; };
globalThis.clearInterval = (at) => timers.delete(at);
const tick = () => timers.forEach((task) => task());
"""


def test_a_click_says_where_it_was_and_whether_shift_was_held() -> None:
    code = """
    const stop = listener(component);
    page.a.heard.plotly_click({ points: [point], event: { shiftKey: true } });
    page.b.heard.plotly_click({ points: [{ ...point, pointNumber: 5 }], event: { shiftKey: false } });
    page.b.heard.plotly_click({ points: [point] });
    page.b.heard.plotly_click({ points: [] });
    stop();
    answer(events);
    """
    answered = run_module(PAGE + code)
    assert [event["name"] for event in answered] == ["event"] * 3
    stamps = [event["value"].pop("stamp") for event in answered]
    assert stamps == sorted(set(stamps))
    before = [[each["stamp"] for each in event["value"].pop("before")] for event in answered]
    assert before == [stamps[:0], stamps[:1], stamps[:2]]
    place = {"type": "click", "x": "2013-07-14", "y": 3.5, "axis": "x2", "at": None}
    assert [event["value"] for event in answered] == [
        place | {"figure": "a", "cell": [4, 7], "shift": True},
        place | {"figure": "b", "cell": None, "shift": False},
        place | {"figure": "b", "cell": [4, 7], "shift": False},
    ]


def test_a_click_on_numbers_says_exactly_where_the_mouse_was() -> None:
    code = """
    const line = (_offset, first, step) => ({ _id: "x", type: "linear", _offset, p2d: (px) => first + step * px });
    page.a.getBoundingClientRect = () => ({ left: 100, top: 1000 });
    const there = { x: 5, y: 7, xaxis: line(30, 1000, 10), yaxis: line(20, 5000, -10), pointNumber: [0, 0] };
    const stop = listener(component);
    page.a.heard.plotly_click({ points: [there], event: { clientX: 137, clientY: 1023 } });
    page.a.heard.plotly_click({ points: [{ ...there, xaxis: { ...there.xaxis, type: "date" } }], event: {} });
    stop();
    answer(events.map((event) => [event.value.x, event.value.y, event.value.at]));
    """
    assert run_module(PAGE + code) == [[5, 7, [1000 + 10 * 7, 5000 - 10 * 3]], [5, 7, None]]


def test_only_clicks_are_heard_and_a_figure_drawn_anew_is_found_again() -> None:
    code = """
    const later = [];
    globalThis.setInterval = (task) => later.push(task);
    globalThis.clearInterval = () => {};
    const stop = listener(component);
    const first = Object.keys(page.a.heard);
    Object.assign(page.a, { _ev: {}, heard: {} });  // plotly drew it from nothing, into the same element
    later.forEach((task) => task());
    const again = Object.keys(page.a.heard);
    stop();
    answer({ first, again, after: Object.keys(page.a.heard), kept: Object.keys(page.a.hotLens) });
    """
    heard = ["plotly_click"]
    assert run_module(PAGE + code) == {"first": heard, "again": heard, "after": [], "kept": []}


def test_a_zoom_is_reported_and_a_double_click_means_nothing() -> None:
    """A double click is two clicks, which choose: the way back from a zoom is a button."""
    code = """
    component.data = { figure: "a", of: "file" };
    const stop = zoom(component);
    page.a.heard.plotly_relayout({ "xaxis.range[0]": "2013-07-14", "xaxis.range[1]": "2013-07-15" });
    page.a.heard.plotly_relayout({ "xaxis.autorange": true });
    const heard = Object.keys(page.a.heard);
    stop();
    answer({ heard, ranges: events.map((event) => event.value.range), after: Object.keys(page.a.heard) });
    """
    answered = run_module(ZOOM + code)
    assert answered == {"heard": ["plotly_relayout"], "ranges": [["2013-07-14", "2013-07-15"]], "after": []}


def test_data_that_changed_are_those_that_are_reported() -> None:
    """Streamlit calls a component anew with its new data and ends what an earlier call began only at the very end."""
    code = """
    const calls = ["week", "month", "year"].map((of) => zoom({ ...component, data: { figure: "a", of } }));
    const at = timers.size;
    Object.assign(page.a, { _ev: {}, heard: {} });  // another range is another figure
    tick();
    page.a.heard.plotly_relayout({ "xaxis.range[0]": "2013-07-14", "xaxis.range[1]": "2013-07-15" });
    calls.at(-1)();
    answer({ at, of: events.map((event) => event.value.of), after: timers.size, heard: Object.keys(page.a.heard) });
    """
    assert run_module(ZOOM + TIMERS + code) == {"at": 1, "of": ["year"], "after": 0, "heard": []}


def test_two_listeners_do_not_disturb_each_other() -> None:
    code = """
    const clicks = listener(component);
    const zooms = zoom({ ...component, parentElement: {}, data: { figure: "a", of: "file" } });
    const both = Object.keys(page.a.heard).sort();
    clicks();
    answer({ both, after: Object.keys(page.a.heard) });
    """
    page = 'import zoom from "@@/plot_zoom.js";' + PAGE
    assert run_module(page + TIMERS + code) == {
        "both": ["plotly_click", "plotly_relayout"],
        "after": ["plotly_relayout"],
    }


def test_a_report_brings_the_few_before_it_for_a_while() -> None:
    code = """
    import { reportEvent } from "@@/report.js";
    let now = 5;
    Object.defineProperty(globalThis, "performance", { value: { now: () => now } });
    const sent = [];
    const component = { parentElement: {}, setTriggerValue: (name, value) => sent.push([name, value]) };
    for (const [at, n] of [[5, 1], [5, 2], [9000, 3], [10004, 4], [10005.5, 5]]) {
      now = at;
      reportEvent(component, { n });
    }
    for (let n = 6; n < 20; n++) reportEvent(component, { n });
    answer(sent.map(([name, { n, stamp, before }]) => [name, n, stamp, before.map((one) => one.n)]));
    """
    answered = run_module(code)
    assert answered[:5] == [
        ["event", 1, 5, []], ["event", 2, 6, [1]], ["event", 3, 9000, [1, 2]], ["event", 4, 10004, [1, 2, 3]],
        ["event", 5, 10005.5, [2, 3, 4]],
    ]  # fmt: skip
    assert answered[-1][3] == list(range(11, 19))
