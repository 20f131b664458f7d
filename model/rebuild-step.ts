/** The stations of a rebuild, in order. */
export type RebuildStep = 'prepare' | 'build' | 'verify' | 'load' | 'sign' | 'publish';
