// When two spellings of a name are taken for the same: case, accents, dots, hyphens and blanks make no difference.

// Letters that no accent was added to, yet that are written without their stroke where there is no key for it.
const plain: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ı: 'i',
  ħ: 'h',
}

const accents = /[\u0300-\u036f]/gu

/** The name in the spelling it is looked up in. Dots and apostrophes vanish, other signs are blanks, `&` is "and", "the" is not there. */
export function foldPlace(name: string): string {
  return name
    .normalize('NFKD')
    .replace(accents, '')
    .toLowerCase()
    .replace(/[ßæœøđðþłıħ]/gu, (letter) => plain[letter] ?? letter)
    .replace(/&/gu, ' and ')
    .replace(/[.'’‘ʻʼ`´]/gu, '')
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, ' ')
    .trim()
    .replace(/^(?:the )+(?=.)|(?<=.)(?: the)+$/gu, '')
    .normalize('NFC')
}

/** The spelling by which an account's own table knows a value: trimmed, one blank for a run, lower case. */
export const foldValue = (value: string): string =>
  value.normalize('NFKC').replace(/\s+/gu, ' ').trim().toLowerCase().normalize('NFKC')
