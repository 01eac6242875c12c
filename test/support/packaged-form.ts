import axios from 'axios';

/** A form of the form-data package. */
export interface PackagedForm extends NodeJS.ReadableStream {
  append(name: string, value: unknown): void;
  setBoundary(boundary: string): void;
  getHeaders(): Record<string, string>;
}

/** As axios makes them of objects: the package is a dependency of axios's. */
export function packagedForm(entries: Record<string, unknown>, boundary?: string): PackagedForm {
  const Form = axios.toFormData({}).constructor as new () => PackagedForm;
  const form = new Form();
  if (boundary) form.setBoundary(boundary);
  for (const [name, value] of Object.entries(entries)) form.append(name, value);
  return form;
}
