import document from './json-home.json' with { type: 'json' }

/** The JSON-Home document (draft-nottingham-json-home) of every resource of the API, relative to `/v3`; as text. */
export const jsonHome = JSON.stringify(document)
