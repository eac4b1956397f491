import { StoreError, type StoreErrorCode } from "./health.ts";

/**
 * Calls to the store's threads. A thread answers each call once, in order; what it says unasked is
 * a notice. Only values that structured clone knows may pass.
 */
export type CallTable = {
  readonly [kind: string]: { readonly argument: unknown; readonly value: unknown };
};

type Call = { readonly id: number; readonly kind: string; readonly argument: unknown };
type Failure = { readonly code: StoreErrorCode | undefined; readonly message: string };
type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly notice: unknown };

export type ThreadName = "writer-thread" | "reader-thread";

/**
 * Where the runtime finds a thread's code. In the source tree it lies beside this file. In a
 * compiled executable this file is part of the main module, which lies in the root of the embedded
 * files, and a thread lies there under its path below `src/`, where the build was given it as an
 * entry point of its own.
 */
function threadUrl(name: ThreadName): string {
  const inSourceTree = import.meta.url.endsWith("/store/thread.ts");
  return new URL(inSourceTree ? `./${name}.ts` : `./store/${name}.ts`, import.meta.url).href;
}

type Waiting = {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
};

/** A running thread, as its owner sees it. */
export class Thread<Calls extends CallTable> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isOver = false;

  constructor(name: ThreadName, onNotice: (notice: unknown) => void, onDeath: () => void) {
    this.#worker = new Worker(threadUrl(name));
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if ("notice" in data) onNotice(data.notice);
      else this.#settle(data);
    };
    const end = (reason: string) => {
      if (this.#isOver) return;
      this.#end(reason);
      onDeath();
    };
    this.#worker.onerror = (event) => end(event.message);
    this.#worker.addEventListener("close", () => end("the thread ended"));
  }

  /** Rejects with StoreError; `unavailable` where the thread is gone. */
  call<Kind extends keyof Calls & string>(
    kind: Kind,
    argument: Calls[Kind]["argument"],
    transfer: ArrayBuffer[] = [],
  ): Promise<Calls[Kind]["value"]> {
    if (this.#isOver) return Promise.reject(new StoreError("unavailable", "the thread is gone"));
    this.#lastId += 1;
    const call: Call = { id: this.#lastId, kind, argument };
    return new Promise((resolve, reject) => {
      this.#waiting.set(call.id, { resolve, reject });
      this.#worker.postMessage(call, transfer);
    });
  }

  /** Ends the thread; calls not answered yet are rejected. */
  terminate(): void {
    this.#end("the thread was ended");
  }

  #end(reason: string): void {
    this.#isOver = true;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new StoreError("unavailable", reason));
    this.#waiting.clear();
  }

  #settle(answer: Exclude<Answer, { notice: unknown }>): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("value" in answer) waiting?.resolve(answer.value);
    else {
      const { code, message } = answer.failure;
      waiting?.reject(new StoreError(code ?? "unavailable", message));
    }
  }
}

/** The thread's own side; the runtime's types know the main thread's only. */
declare const self: { onmessage: ((event: MessageEvent<Call>) => void) | null };

export type Handlers<Calls extends CallTable> = {
  readonly [Kind in keyof Calls]: (argument: Calls[Kind]["argument"]) => Calls[Kind]["value"];
};

/** In the thread: answers calls with these handlers. What one throws is the caller's to handle. */
export function serveCalls<Calls extends CallTable>(handlers: Handlers<Calls>): void {
  self.onmessage = ({ data }: MessageEvent<Call>) => {
    const { id, kind, argument } = data;
    try {
      const handler = handlers[kind as keyof Calls];
      if (handler === undefined) throw new Error(`no call of the name ${kind}`);
      postMessage({ id, value: handler(argument) });
    } catch (error) {
      const code = error instanceof StoreError ? error.code : undefined;
      const message = error instanceof Error ? error.message : String(error);
      postMessage({ id, failure: { code, message } });
    }
  };
}

/** In the thread: says something that nobody asked. */
export function giveNotice(notice: unknown): void {
  postMessage({ notice });
}
