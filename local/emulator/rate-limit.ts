/** A limit as in simple servers: a number of requests in each window of one second from the first request. */
export interface RateWindow {
  startedAtMs: number;
  used: number;
}

/** Counts one request; false when the window is full. A limit of 0 means no limit. */
export function takeFromWindow(window: RateWindow, limit: number, nowMs: number): boolean {
  if (limit === 0) return true;
  if (nowMs - window.startedAtMs >= 1000) {
    window.startedAtMs = nowMs;
    window.used = 0;
  }
  if (window.used >= limit) return false;
  window.used++;
  return true;
}
