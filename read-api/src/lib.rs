//! HTTP for reads: query a read model, page it, say how fresh it is.
