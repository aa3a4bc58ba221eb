/** The functions of a local run, by the names that Lambda would know them by. */
export const WORKER_ARN = "arn:aws:lambda:us-east-1:000000000000:function:cutover:live";
export const FRONT_DOOR_ARN = "arn:aws:lambda:us-east-1:000000000000:function:front-door";
