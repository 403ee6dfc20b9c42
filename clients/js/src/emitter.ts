/** A listener of one kind of news. */
export type Listener<News> = (news: News) => void;

/** News by name. A listener that throws harms nobody else: its error is reported as one that nobody caught. */
export class Emitter<Map extends object> {
  readonly #listeners = new globalThis.Map<keyof Map, Set<Listener<never>>>();

  /** Listens; the answer ends it. */
  on<Name extends keyof Map>(name: Name, listener: Listener<Map[Name]>): () => void {
    let set = this.#listeners.get(name);
    if (!set) this.#listeners.set(name, (set = new Set()));
    set.add(listener as Listener<never>);
    return () => this.off(name, listener);
  }

  /** Listens once. */
  once<Name extends keyof Map>(name: Name, listener: Listener<Map[Name]>): () => void {
    const off = this.on(name, (news) => {
      off();
      listener(news);
    });
    return off;
  }

  /** Listens no more. */
  off<Name extends keyof Map>(name: Name, listener: Listener<Map[Name]>): void {
    this.#listeners.get(name)?.delete(listener as Listener<never>);
  }

  protected emit<Name extends keyof Map>(name: Name, news: Map[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as Listener<Map[Name]>)(news);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
