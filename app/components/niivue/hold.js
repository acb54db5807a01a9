// Keeps a volume in the page for the viewer, and forgets it when its page is left.
import { openVolume } from "./data.js";

/**
 * Take a volume.
 * @param {{data: Uint8Array|ArrayBuffer, parentElement: Element|ShadowRoot}} component
 */
export default function holdVolume(component) {
  const volumes = ((globalThis.hotLens ??= {}).volumes ??= new Map());
  const volume = openVolume(component.data);
  const { identity } = volume.header;
  const owner = component.parentElement;
  if (!volumes.has(identity)) {
    volumes.clear();
    volumes.set(identity, volume);
  }
  volumes.get(identity).owner = owner;
  return () => setTimeout(() => {
    // somebody may have come back meanwhile, and another place then holds it
    const gone = !(owner.host ?? owner).isConnected;
    if (gone && volumes.get(identity)?.owner === owner) volumes.delete(identity);
  }, 500);
}
