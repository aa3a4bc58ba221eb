/** A limit as simple servers have it: so many requests in each window of one second, counted from the first request. */
export interface RateWindow {
  startedAtMs: number;
  used: number;
}

/** Takes one request from the limit; false when the window's are used up. A limit of 0 is none. */
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
