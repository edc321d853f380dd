// Typed operations for tests and the demo, from the printed schema and the documents in their sources.

import type { CodegenConfig } from '@graphql-codegen/cli'

export default {
  schema: 'schema.graphql',
  documents: ['test/**/*.ts', 'src/demo/**/*.ts'],
  ignoreNoDocuments: true,
  generates: {
    'src/generated/operations/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: {
          DateTime: 'string',
          ID: 'string',
          JSON: 'unknown',
          JSONObject: 'Record<string, unknown>',
          JSONDocument: 'Record<string, unknown>',
          Decimal: 'string | number',
          MinorUnits: 'number',
        },
        importExtension: '.ts',
        emitLegacyCommonJSImports: false,
      },
    },
  },
} satisfies CodegenConfig
