/** The operations by their documented names where there are any. */
export type OperationName =
  | "Authenticate"
  | "GetUserInfo"
  | "ListCustomers"
  | "GetCustomer"
  | "UpdateCustomer"
  | "SetCustomerStagingMode"
  | "TestCustomerSchedule"
  | "GetInheritedSchedule"
  | "GetSystemSettings"
  | "ListAccounts"
  | "GetAccount"
  | "ListLogEntries"
  | "ListActiveSessions"
  | "ListSessions"
  | "ListActiveCalls";
