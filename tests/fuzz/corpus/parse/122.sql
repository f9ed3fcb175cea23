USE y.main
