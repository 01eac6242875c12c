#!/usr/bin/env node
import { main } from './main.js';

const { code, lines } = main(process.argv.slice(2), process.cwd(), process.argv[1]!);
for (const line of lines) (code === 0 ? console.log : console.error)(line);
process.exitCode = code;
