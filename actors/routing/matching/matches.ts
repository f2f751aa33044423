/** One topic against one pattern, without an index: for what is scanned (retained events, recorded events). */
import type { MatchPolicy } from './patterns.ts';

export function matches(topic: string, match: MatchPolicy, pattern: string): boolean {
  if (match === 'exact') return topic === pattern;
  if (match === 'prefix') return topic.startsWith(pattern);
  return matchesWildcard(topic, pattern);
}

/** Component by component; an empty component of the pattern matches any. */
function matchesWildcard(topic: string, pattern: string): boolean {
  let t = 0;
  let p = 0;
  for (;;) {
    const topicEnd = componentEnd(topic, t);
    const patternEnd = componentEnd(pattern, p);
    const isWild = patternEnd === p;
    if (!isWild) {
      if (patternEnd - p !== topicEnd - t) return false;
      if (!topic.startsWith(pattern.slice(p, patternEnd), t)) return false;
    }
    if (topicEnd === topic.length || patternEnd === pattern.length) {
      return topicEnd === topic.length && patternEnd === pattern.length;
    }
    t = topicEnd + 1;
    p = patternEnd + 1;
  }
}

function componentEnd(uri: string, start: number): number {
  const dot = uri.indexOf('.', start);
  return dot < 0 ? uri.length : dot;
}
