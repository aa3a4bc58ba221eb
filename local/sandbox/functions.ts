/** The ARNs of the functions of a local run. */
export const WORKER_ARN = "arn:aws:lambda:us-east-1:000000000000:function:cutover:live";
export const FRONT_DOOR_ARN = "arn:aws:lambda:us-east-1:000000000000:function:front-door";
