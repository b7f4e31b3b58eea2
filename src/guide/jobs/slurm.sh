#!/usr/bin/env bash
#SBATCH --job-name=event-router
#SBATCH --array=0-15
#SBATCH --cpus-per-task=4
#SBATCH --mem=1G
#SBATCH --output=event-router-%A_%a.log
# One task for each shard: `sbatch slurm.sh`. The folders are on a file system that all nodes share.
set -euo pipefail
shard=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN))
export EVENT_ROUTER_TO=xapi EVENT_ROUTER_LMS_ROOT_URL=https://courses.example.org
export EVENT_ROUTER_USERS=tables/users.csv.gz EVENT_ROUTER_COURSES=tables/courses.csv.gz
exec event-router transform --quiet --shard "$shard/$SLURM_ARRAY_TASK_COUNT" --threads "$SLURM_CPUS_PER_TASK" \
    --state "state/shard-$shard" --rejects "state/rejects-$shard.jsonl" --report "state/report-$shard.json" \
    --compress gzip -o out logs
