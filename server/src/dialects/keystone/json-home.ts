import document from './json-home.json' with { type: 'json' }

/** The JSON-Home document (draft-nottingham-json-home) of every resource, as `/v3` gives it: relative to `/v3`. */
export const jsonHome = JSON.stringify(document)

/** The same as `/` gives it: every reference begins with `/v3`. */
export const jsonHomeOfRoot = jsonHome.replaceAll(/"(href|href-template)":"/g, '"$1":"/v3')
