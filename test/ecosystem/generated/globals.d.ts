/** A type of the DOM library that hey-api's output names; the tests have Node's only. */
type BodyInit = NonNullable<RequestInit['body']>;
