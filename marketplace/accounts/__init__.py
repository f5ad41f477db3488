"""Who you are: people, how they sign in, where their parcels go, and where their money goes."""
