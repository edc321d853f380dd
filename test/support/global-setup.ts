// Makes the migrated database once for a project's run.

import type { TestProject } from 'vitest/node'
import { makeTemplate } from './backend.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    template: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { TEST_BACKEND } = project.config.env
  process.env.TEST_BACKEND = String(TEST_BACKEND)
  const template = `tributary_test_${process.pid}_${Date.now().toString(36)}`
  project.provide('template', template)
  return makeTemplate(template)
}
