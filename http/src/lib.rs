//! The HTTP edge both APIs share: accept loop, limits, keys and roles, problem details, money and time in JSON.
