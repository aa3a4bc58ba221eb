import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { LEDGER_KEYS } from "../../lambda/ledger/table-schema.ts";
import { grantTo } from "./grant-to.ts";

/** The record of every rollout. It outlives the stack: what a rollback may undo is in there. */
export class Ledger extends Construct {
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
    return this.#grant(grantee, ["GetItem"]);
  }

  /** Allows to read reports with the outcomes of customers. */
  grantRead(grantee: IGrantable): Grant {
    return this.#grant(grantee, ["GetItem", "Query"]);
  }

  /** Allows what the worker and the front door call, and neither a scan nor a deletion. */
  grantReadWrite(grantee: IGrantable): Grant {
    return this.#grant(grantee, ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"]);
  }

  /** CDK's own grants allow more than the code can call. */
  #grant(grantee: IGrantable, actions: readonly string[]): Grant {
    return grantTo(grantee, {
      actions: actions.map((action) => `dynamodb:${action}`),
      resourceArns: [this.table.tableArn],
    });
  }
}
