/** Counts of what happens too often for a counter each: plain numbers, handed on once per message to the router. */
export class Tally {
  /** New calls taken on, meta procedures included. */
  calls = 0;
  /** Calls answered with a RESULT. */
  results = 0;
  /** Calls answered with an ERROR, whoever made it. */
  errors = 0;
  progressiveResults = 0;

  handOver(count: (counter: string, by: number) => void): void {
    if (this.calls > 0) count('calls', this.calls);
    if (this.results > 0) count('results', this.results);
    if (this.errors > 0) count('call_errors', this.errors);
    if (this.progressiveResults > 0) count('progressive_results', this.progressiveResults);
    this.calls = this.results = this.errors = this.progressiveResults = 0;
  }
}
