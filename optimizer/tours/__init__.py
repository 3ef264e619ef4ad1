"""Rural tours: several days on the road, chosen with where to sleep, priced and explained."""
