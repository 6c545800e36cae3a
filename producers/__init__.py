"""What puts touchpoints onto Kafka: a publisher for services, replay for files, a simulator for everything else."""
