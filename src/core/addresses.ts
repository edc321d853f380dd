// Whether a text that a sender made of anything, such as an idempotency key, holds somebody's address.

const email = /[^\s@<>"',;:]+@[^\s@<>"',;:]+\.[^\s@<>"',;:]{2,}/u
/** In international form, with or without what people put between digits. */
const phone = /\+\d(?:[ ().-]{0,2}\d){6,14}/

/** True for a text with an e-mail address or an international phone number in it; plain digits may be anything. */
export const holdsAddress = (text: string): boolean => email.test(text) || phone.test(text)
