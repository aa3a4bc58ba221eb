import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { LEDGER_KEYS } from "../../lambda/ledger/table-schema.ts";

/** The record of every rollout. It outlives the stack, because a rollback restores what the record says. */
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

  /** Allows to look up single records: the lock, and whether a rollout is known. */
  grantLookup(grantee: IGrantable): Grant {
    return this.table.grant(grantee, "dynamodb:GetItem");
  }

  /** Allows to read reports with the outcomes of customers. @throws Error for a grantee that cannot be given it */
  grantRead(grantee: IGrantable): Grant {
    const grant = this.table.grant(grantee, "dynamodb:GetItem", "dynamodb:Query");
    grant.assertSuccess();
    return grant;
  }

  /** Allows what the worker and the front door call. Neither scans the table or deletes from it. */
  grantReadWrite(grantee: IGrantable): Grant {
    const reads = ["GetItem", "BatchGetItem", "Query"];
    return this.table.grant(grantee, ...[...reads, "PutItem", "UpdateItem"].map((action) => `dynamodb:${action}`));
  }
}
