/** Why a token or a delivery was refused. */
export type Code = "malformed" | "bad-signature" | "expired" | "skew";

export declare class Refused extends Error {
  readonly code: Code;
  constructor(code: Code);
}

/** The lower-case hex HMAC-SHA256 of a text or bytes under a secret. */
export declare function sign(text: string | Uint8Array, secret: string): string;
/** An upgrade token; exp is in unix seconds, 0 for never. */
export declare function mint(payload: string, secret: string, exp: number): string;
/** Payload and exp of a token, without verifying it. Throws Refused. */
export declare function peek(token: string): { payload: string; exp: number };
/** The payload of a good token. Throws Refused. */
export declare function verify(token: string, secrets: readonly string[], now: number): string;

export declare function signDelivery(timestamp: number, body: Uint8Array, key: string): string;
/** Throws Refused unless the headers belong to exactly these bytes, now. */
export declare function verifyDelivery(
  timestamp: string | null,
  signature: string | null,
  body: Uint8Array,
  keys: readonly string[],
  now: number,
): void;

export declare function configuredURL(base: string): string;
export declare function dialURL(base: string): string;
export declare function httpBase(base: string): string;

/** Cuts the payloads of WebSocket messages into lines; one per socket and direction. */
export declare class Splitter {
  write(payload: Uint8Array): Buffer[];
}

export interface Source {
  platform: string;
  chat_id: string;
  chat_type: string;
  user_id?: string | null;
  user_id_alt?: string | null;
  thread_id?: string | null;
  prospective_thread_id?: string | null;
  scope_id?: string | null;
  [unknown: string]: unknown;
}

export interface SessionKeyOptions {
  profile?: string;
  /** on by default */
  groupSessionsPerUser?: boolean;
  /** off by default */
  threadSessionsPerUser?: boolean;
}

export declare function sessionKey(source: Source, revision: string, options?: SessionKeyOptions): string;
export declare function textLength(text: string, unit: string): number;
