// Lets others have their turn: what runs on the embedded database alone never leaves the queue of microtasks, and would keep
// sockets and timers from running until it ends.

export { setImmediate as turn } from 'node:timers/promises'
