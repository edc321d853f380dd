#!/usr/bin/env node
// The command line: `npx tributary import people.csv`. The sources are TypeScript, which tsx runs.

import { register } from 'tsx/esm/api'

register()
await import('../src/cli/main.ts')
