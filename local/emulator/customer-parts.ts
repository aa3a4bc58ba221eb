import type { Account } from "./accounts.ts";

/** The JSON of members that many customers share. It is built once; `customer-info.ts` joins it. */
export interface CustomerParts {
  readonly billing: readonly string[];
  readonly appSettings: readonly string[];
  readonly schedule: string;
  /** By the byte of tag bits. */
  readonly tags: readonly [mainAccount: readonly string[], otherAccount: readonly string[]];
}

export function createCustomerParts(accounts: readonly [Account, Account]): CustomerParts {
  return {
    billing: [0, 1, 2, 3].map((plan) => JSON.stringify(toBillingSettings(plan))),
    appSettings: ["#1677ff", "#c41d7f", "#389e0d"].map((color) => JSON.stringify(toAppSettings(color))),
    schedule: JSON.stringify(toSchedule()),
    tags: [toTagTexts(accounts[0]), toTagTexts(accounts[1])],
  };
}

function toTagTexts(account: Account): readonly string[] {
  return Array.from({ length: 256 }, (_, bits) =>
    JSON.stringify(
      account.tags.filter((_tag, index) => bits & (1 << index)).map(({ id, name, color }) => ({ id, name, color })),
    ),
  );
}

function toBillingSettings(plan: number): object {
  const rate = (baseCost: number, unitCost: number, allowance: number): object => ({
    baseCost,
    rawUnitMultiplier: 1,
    unitCost,
    allowance,
  });
  return {
    base: rate(19 + plan * 10, 0, 0),
    localNumbers: rate(0, 2.5, 1 + plan),
    tollFreeNumbers: rate(0, 4, plan),
    inboundMinutes: rate(0, 0.015, 500 * (plan + 1)),
    outboundMinutes: rate(0, 0.02, 250 * (plan + 1)),
    messages: rate(0, 0.01, 1000),
    transcriptions: rate(0, 0.05, 0),
    faxPages: rate(0, 0.08, 50 * plan),
  };
}

function toAppSettings(color: string): object {
  return {
    enablePhoneNumberManagement: true,
    enableDeviceManagement: true,
    enableDialer: true,
    enableCallHistory: true,
    enableAssistants: color === "#389e0d",
    showFileNameInMessageCenter: false,
    chakraTheme: JSON.stringify({ colors: { brand: { 500: color } } }),
    customCss: `.app-header { background: ${color}; }`,
    pageTitle: "Phone Portal",
    stringMappings: { "dialer.title": "Softphone", "history.title": "Call history" },
    logoutUrl: "https://portal.example/signed-out",
    portMyNumberUrl: "https://portal.example/port-my-number",
  };
}

/** Opening hours, with a Windows id of a time zone, as some customers of Evo Voice have. */
function toSchedule(): object {
  const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];
  const christmas = toRule("64d1f0a2b7c8d90000000001", {
    ...{ name: "Christmas Day", priority: 0, state: "Holiday", isAllDay: true },
    ...{ startDate: "2020-12-25T00:00:00.0000000Z", byMonth: [12], byMonthDay: [25], byDay: [], frequency: "Yearly" },
  });
  const open = toRule("64d1f0a2b7c8d90000000002", {
    ...{ name: "Open", priority: 1, state: "Business Hours", isAllDay: false, startTime: "08:00", endTime: "17:00" },
    ...{ startDate: "2020-01-01T00:00:00.0000000Z", byMonth: [], byMonthDay: [], frequency: "Weekly" },
    byDay: weekdays.map((dayOfWeek) => ({ offset: 0, dayOfWeek })),
  });
  const rules = [christmas, open];
  return {
    timeZoneId: "Eastern Standard Time",
    inherit: false,
    forceClosed: false,
    rules,
    defaultState: "After Hours",
  };
}

function toRule(id: string, rule: object): object {
  return {
    ...{ id, source: "Customer", condition: "", simpleRuleType: "Time", customerState: "", flowId: "", flowParams: {} },
    ...{ bySetPosition: [], byWeekNo: [], byYearDay: [], byHour: [], byMinute: [], interval: 1, count: 0 },
    ...rule,
  };
}
