import { getAccountInfo, getSystemSettings, listAccounts, listLogEntries } from "./account-operations.ts";
import { listActiveCalls, listActiveSessions, listSessions } from "./call-operations.ts";
import {
  getCustomer,
  getInheritedSchedule,
  setCustomerStagingMode,
  testCustomerSchedule,
  updateCustomer,
} from "./customer-operations.ts";
import { listCustomers } from "./list-customers.ts";
import type { Operation } from "./operation.ts";
import type { OperationName } from "./operation-names.ts";
import { authenticateUser, getUserInfo } from "./session-operations.ts";

const managers = ["SystemAdministrator", "Manager"] as const;
const administrators = ["SystemAdministrator"] as const;

/** The operations of the emulator, and the roles that may call them. */
export const operations: Readonly<Record<OperationName, Operation>> = {
  Authenticate: { roles: "all", run: authenticateUser },
  GetUserInfo: { roles: "all", run: getUserInfo },
  ListCustomers: { roles: managers, run: listCustomers },
  GetCustomer: { roles: managers, run: getCustomer },
  UpdateCustomer: { roles: managers, writes: true, run: updateCustomer },
  SetCustomerStagingMode: { roles: managers, writes: true, run: setCustomerStagingMode },
  TestCustomerSchedule: { roles: managers, run: testCustomerSchedule },
  GetInheritedSchedule: { roles: managers, run: getInheritedSchedule },
  GetSystemSettings: { roles: managers, run: getSystemSettings },
  ListAccounts: { roles: administrators, run: listAccounts },
  GetAccount: { roles: administrators, run: getAccountInfo },
  ListLogEntries: { roles: managers, run: listLogEntries },
  ListActiveSessions: { roles: managers, run: listActiveSessions },
  ListSessions: { roles: managers, run: listSessions },
  ListActiveCalls: { roles: managers, run: listActiveCalls },
};
