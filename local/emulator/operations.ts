import { getSystemSettings } from "./account-operations.ts";
import { getCustomer, setCustomerStagingMode, updateCustomer } from "./customer-operations.ts";
import { listCustomers } from "./list-customers.ts";
import type { Operation } from "./operation.ts";
import type { OperationName } from "./operation-names.ts";
import { authenticateUser } from "./session-operations.ts";

const managers = ["SystemAdministrator", "Manager"] as const;

/** The operations of the emulator, and the roles that may call them. */
export const operations: Readonly<Record<OperationName, Operation>> = {
  Authenticate: { roles: "all", run: authenticateUser },
  ListCustomers: { roles: managers, run: listCustomers },
  GetCustomer: { roles: managers, run: getCustomer },
  UpdateCustomer: { roles: managers, writes: true, run: updateCustomer },
  SetCustomerStagingMode: { roles: managers, writes: true, run: setCustomerStagingMode },
  GetSystemSettings: { roles: managers, run: getSystemSettings },
};
