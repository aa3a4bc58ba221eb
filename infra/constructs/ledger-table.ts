import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { LEDGER_KEYS } from "../../lambda/ledger/table-schema.ts";

/** The table of the ledger. It is kept when the stack is removed, because a rollback needs the ledger. */
export class LedgerTable extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new Table(this, "Table", {
      partitionKey: { name: LEDGER_KEYS.partition, type: AttributeType.STRING },
      sortKey: { name: LEDGER_KEYS.sort, type: AttributeType.STRING },
      timeToLiveAttribute: LEDGER_KEYS.expiry,
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /** Allows to read single items: the lock and the record of a rollout. */
  grantLookup(grantee: IGrantable): Grant {
    return this.table.grant(grantee, "dynamodb:GetItem");
  }

  /** Allows to read reports and outcomes. @throws Error when the grant has no effect */
  grantRead(grantee: IGrantable): Grant {
    const grant = this.table.grant(grantee, "dynamodb:GetItem", "dynamodb:Query");
    grant.assertSuccess();
    return grant;
  }

  /** Allows the calls of the worker and the front door. Neither scans the table or deletes items. */
  grantReadWrite(grantee: IGrantable): Grant {
    const reads = ["GetItem", "BatchGetItem", "Query"];
    return this.table.grant(grantee, ...[...reads, "PutItem", "UpdateItem"].map((action) => `dynamodb:${action}`));
  }
}
