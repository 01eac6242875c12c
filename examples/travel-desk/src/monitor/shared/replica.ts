import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';

/** This process among those that share the monitor. */
@Injectable()
export class Replica {
  /** In a container the host is that of the pod, and the number always 1; the rest tells it from the process before it. */
  readonly name = `${hostname()}-${process.pid}-${randomBytes(2).toString('hex')}`;
}
