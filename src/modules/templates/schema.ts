// Templates of industries, to be looked at and taken over.

import { builder } from '../../builder.ts'
import {
  type Template,
  type TemplateEvent,
  type TemplateField,
  templateNames,
  templates,
} from '../../core/templates.ts'
import { FieldOwnerEnum, FieldTypeEnum } from '../fields/enums.ts'
import { installTemplate } from './service.ts'

const TemplateNameEnum = builder.enumType('TemplateName', {
  description: 'An industry.',
  values: templateNames,
})

const TemplateEventType = builder.objectRef<TemplateEvent>('TemplateEvent').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    followsTransaction: t.exposeBoolean('followsTransaction', {
      description: 'Its events inherit the decision of what they follow.',
    }),
  }),
})

const TemplateFieldType = builder.objectRef<TemplateField>('TemplateField').implement({
  fields: (t) => ({
    owner: t.expose('owner', { type: FieldOwnerEnum }),
    eventName: t.string({
      nullable: true,
      description: 'Of a field of events.',
      resolve: ({ eventName }) => eventName || null,
    }),
    name: t.exposeString('name'),
    type: t.expose('type', { type: FieldTypeEnum }),
    itemType: t.expose('itemType', { type: FieldTypeEnum, nullable: true }),
    values: t.exposeStringList('values', { description: 'Of an ENUM.' }),
  }),
})

const EventTemplate = builder.objectRef<Template>('EventTemplate').implement({
  description: 'What accounts of an industry usually send: event types, and fields of events, orders and products.',
  fields: (t) => ({
    name: t.expose('name', { type: TemplateNameEnum }),
    description: t.exposeString('description'),
    events: t.expose('events', { type: [TemplateEventType] }),
    fields: t.expose('fields', { type: [TemplateFieldType] }),
  }),
})

builder.queryField('eventTemplates', (t) =>
  t.field({
    type: [EventTemplate],
    nullable: true,
    authScopes: { authenticated: true },
    resolve: () => [...templates],
  }),
)

builder.relayMutationField(
  'installTemplate',
  { inputFields: (t) => ({ name: t.field({ type: TemplateNameEnum, required: true }) }) },
  {
    nullable: true,
    authScopes: { can: 'CAMPAIGNS_WRITE' },
    description:
      'Defines what of the template the account has not defined yet; what it has defined, or deleted, stays as it is. None of the fields is required; values of another type are treated as the account’s policies say.',
    resolve: (_root, { input }, context) => installTemplate(context, input),
  },
  {
    outputFields: (t) => ({
      template: t.field({ type: EventTemplate, resolve: ({ template }) => template }),
      eventsDefined: t.stringList({ resolve: ({ events }) => [...events] }),
      fieldsDefined: t.stringList({
        description: 'Such as `ORDER gift` and `EVENT product_viewed.sku`.',
        resolve: ({ fields }) => [...fields],
      }),
    }),
  },
)
