// Libraries check less and answer faster where they are told that this is no development machine. Imported before all others.

process.env.NODE_ENV ??= 'production'
