/** The operations, by their documented names if they have one. */
export type OperationName =
  | "Authenticate"
  | "ListCustomers"
  | "GetCustomer"
  | "UpdateCustomer"
  | "SetCustomerStagingMode"
  | "GetSystemSettings";
