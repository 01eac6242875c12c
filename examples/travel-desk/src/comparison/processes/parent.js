/**
 * Answers what the app asks a process of the comparison, one request after another, and ends the process with the app, however that ends: the
 * channel between them closes then.
 * @param {Readonly<Record<string, (request: any) => unknown>>} answers name of a request → what answers it
 */
export function answerParent(answers) {
  process.on('disconnect', () => process.exit());
  if (!process.connected) process.exit(); // it went while this one was starting
  const answer = async (/** @type {{ ask: string }} */ request) => {
    try {
      process.send?.({ answer: await answers[request.ask]?.(request) });
    } catch (error) {
      process.send?.({ error: error instanceof Error ? error.message : String(error) });
    }
  };
  process.on('message', (/** @type {{ ask: string }} */ request) => void answer(request));
}

/** CPU time of this process so far, in microseconds: its own code and the kernel's on its behalf. */
export function cpuUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}
