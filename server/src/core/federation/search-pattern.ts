/**
 * Regular expressions of mappings, in Python's notation, searched for anywhere in a text. Patterns come from who writes
 * mappings, values from anybody an identity provider knows: so it is an automaton that reads every character once, and no
 * value makes it slower than its length times the pattern's size (docs/decisions/linear-patterns.md).
 */
import { type Effort, newEffort, spend } from './effort.ts'
import { type Among, type Codes, codesOf } from './pattern-characters.ts'
import { PatternFault, type PatternNode, parsePattern } from './pattern-syntax.ts'

export interface SearchPattern {
  /** Whether the pattern is found in the text. Throws `EffortSpent` when that would take more than there is. */
  readonly test: (text: string, effort?: Effort) => boolean
  /** What it took to make it ready, as `Effort` counts. */
  readonly cost: number
}

/** Steps of a pattern, repetitions and the parts of `[...]` counted out. */
const MOST_STEPS = 5000
/** To make a step takes longer than to come by it. */
const COST_OF_STEP = 5
/** Of a text that is no pattern, at the most. */
export const MOST_COST = COST_OF_STEP * MOST_STEPS

/** A pattern ready to be searched for; undefined when the text is none, or refers to what it has matched before. */
export function searchPattern(python: string): SearchPattern | undefined {
  try {
    const program: Program = { steps: [], looks: [], left: { steps: MOST_STEPS } }
    compile(program, parsePattern(python), false)
    program.steps.push({ kind: 'found' })
    return {
      test: (text, effort = newEffort()) => search(program, codesOf(text), effort),
      cost: COST_OF_STEP * (MOST_STEPS - program.left.steps),
    }
  } catch (error) {
    if (error instanceof PatternFault) return undefined
    throw error
  }
}

type Step =
  | { readonly kind: 'character'; readonly among: Among; readonly parts?: number }
  | { readonly kind: 'at'; readonly holds: (text: Codes, place: number) => boolean }
  | { readonly kind: 'look'; readonly look: number; readonly negative: boolean }
  /** On with every one of these steps. */
  | { readonly kind: 'fork'; readonly to: number[] }
  | { readonly kind: 'found' }

interface Look {
  readonly program: Program
  readonly behind: boolean
}

interface Program {
  readonly steps: Step[]
  readonly looks: Look[]
  /** How much more of the pattern there may be, looks included. */
  readonly left: { steps: number }
}

/** Appends the steps of a node. `backwards`: for a text that is read from its end. */
function compile(program: Program, node: PatternNode, backwards: boolean): void {
  const { steps, left } = program
  left.steps -= (node.kind === 'character' && node.parts) || 1
  if (left.steps < 0) throw new PatternFault('a pattern that is too large')
  if (node.kind === 'character' || node.kind === 'at') {
    steps.push(node)
  } else if (node.kind === 'look') {
    const { item, behind, negative } = node
    // Read towards the place that is asked about, so that one pass says for every place whether it holds there.
    const inner: Program = { steps: [], looks: [], left }
    compile(inner, item, !behind)
    inner.steps.push({ kind: 'found' })
    steps.push({ kind: 'look', look: program.looks.push({ program: inner, behind }) - 1, negative })
  } else if (node.kind === 'sequence') {
    for (const item of backwards ? node.items.toReversed() : node.items) compile(program, item, backwards)
  } else if (node.kind === 'choice') {
    compileChoice(program, node.options, backwards)
  } else {
    compileRepeat(program, node, backwards)
  }
}

function compileChoice(program: Program, options: readonly PatternNode[], backwards: boolean): void {
  const { steps } = program
  const starts: number[] = []
  const ends: number[][] = []
  steps.push({ kind: 'fork', to: starts })
  for (const option of options) {
    starts.push(steps.length)
    compile(program, option, backwards)
    const to: number[] = []
    ends.push(to)
    steps.push({ kind: 'fork', to })
  }
  for (const to of ends) to.push(steps.length)
}

function compileRepeat(
  program: Program,
  { item, min, max }: PatternNode & { kind: 'repeat' },
  backwards: boolean,
): void {
  const { steps } = program
  for (let count = 0; count < min; count++) compile(program, item, backwards)
  if (max === Infinity) {
    const to = [steps.length + 1]
    const again = steps.push({ kind: 'fork', to }) - 1
    compile(program, item, backwards)
    steps.push({ kind: 'fork', to: [again] })
    to.push(steps.length)
    return
  }
  const skips: number[][] = []
  for (let count = min; count < max; count++) {
    const to = [steps.length + 1]
    skips.push(to)
    steps.push({ kind: 'fork', to })
    compile(program, item, backwards)
  }
  for (const to of skips) to.push(steps.length)
}

function search(program: Program, text: Codes, effort: Effort): boolean {
  const run = runOf(program, text, effort)
  let waiting: number[] = []
  for (let place = 0; place <= text.length; place++) {
    const { next, isFound } = advance(run, waiting, place)
    if (isFound) return true
    const code = text[place]
    waiting = code === undefined ? [] : passed(run, next, code)
  }
  return false
}

/** For every place of the text whether the look holds there. */
function placesOf({ program, behind }: Look, text: Codes, effort: Effort): readonly boolean[] {
  const run = runOf(program, text, effort)
  const places: boolean[] = new Array(text.length + 1).fill(false)
  let waiting: number[] = []
  for (let read = 0; read <= text.length; read++) {
    const place = behind ? read : text.length - read
    const { next, isFound } = advance(run, waiting, place)
    places[place] = isFound
    const code = behind ? text[place] : text[place - 1]
    waiting = code === undefined ? [] : passed(run, next, code)
  }
  return places
}

interface Run {
  readonly program: Program
  readonly looks: readonly (readonly boolean[])[]
  readonly text: Codes
  /** For each step the place where it was reached last, so that it is taken once a place. */
  readonly reachedAt: Int32Array
  readonly effort: Effort
}

function runOf(program: Program, text: Codes, effort: Effort): Run {
  spend(effort, program.steps.length)
  const looks = program.looks.map((look) => placesOf(look, text, effort))
  return { program, looks, text, reachedAt: new Int32Array(program.steps.length).fill(-1), effort }
}

/** The steps that wait for a character at this place: those reached before, and a fresh start. */
function advance(
  { program, looks, text, reachedAt, effort }: Run,
  reached: number[],
  place: number,
): { readonly next: number[]; readonly isFound: boolean } {
  const open = reached
  open.push(0)
  const next: number[] = []
  let isFound = false
  let visited = 0
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    visited++
    if (reachedAt[index] === place) continue
    reachedAt[index] = place
    const step = program.steps[index]
    if (step === undefined || step.kind === 'found') isFound = true
    else if (step.kind === 'character') next.push(index)
    else if (step.kind === 'fork') for (const to of step.to) open.push(to)
    else if (step.kind === 'at' ? step.holds(text, place) : looks[step.look]?.[place] !== step.negative) {
      open.push(index + 1)
    }
  }
  spend(effort, visited)
  return { next, isFound }
}

/** Where those of the waiting steps go on that take the character. */
function passed({ program, effort }: Run, waiting: readonly number[], code: number): number[] {
  const reached: number[] = []
  let held = 0
  for (const index of waiting) {
    const step = program.steps[index]
    if (step?.kind !== 'character') continue
    held += step.parts ?? 1
    if (step.among(code)) reached.push(index + 1)
  }
  spend(effort, held)
  return reached
}
