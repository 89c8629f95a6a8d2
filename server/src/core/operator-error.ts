/** What whoever runs the service can mend: the message says it all, and no stack is shown with it. */
export class OperatorError extends Error {}
