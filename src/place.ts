// Places in a document: what a request asks for at one of them is the same for every row there.

import type { FieldNode, GraphQLResolveInfo } from 'graphql'

class Place {
  readonly #after = new WeakMap<FieldNode, Place>()

  after(node: FieldNode): Place {
    const place = this.#after.get(node) ?? new Place()
    this.#after.set(node, place)
    return place
  }
}

const nowhere = new Place()

/**
 * The same object wherever a field has the same nodes of the document. All of them: of two fields that share a fragment, one may be
 * asked for more beside it.
 */
export const placeOf = ({ fieldNodes }: Pick<GraphQLResolveInfo, 'fieldNodes'>): object =>
  fieldNodes.reduce((place, node) => place.after(node), nowhere)
