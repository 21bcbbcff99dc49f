#!/bin/bash
# Gives Kibana's own account its password, and makes the role and the account that naqid uses. docker-compose.yml runs it
# before Kibana and naqid start; run again, it sets the same once more.
#
# Reads the passwords from the files {elastic,kibana,naqid}_password in $SECRETS (/run/secrets) and the address of the
# node from $ELASTICSEARCH_URL. Exit code 1, and the node's answer on standard error, when the node refuses.
set -euo pipefail

password() { # NAME
  local text
  text=$(<"${SECRETS:-/run/secrets}/$1_password")
  # It stands inside addresses and quotes on its way.
  [[ $text =~ ^[A-Za-z0-9-]+$ ]] || { echo "accounts: the password of $1 has to be of letters, digits and -" >&2; exit 1; }
  printf %s "$text"
}

ask() { # METHOD PATH BODY
  local answer body=${3//$'\n'/ }
  # By way of standard input, since others can see the arguments of a process.
  answer=$(curl --silent --show-error --max-time 30 --retry 5 --retry-connrefused --write-out ' %{http_code}' --config - <<END
user = "elastic:$elastic"
request = $1
url = "$ELASTICSEARCH_URL$2"
header = "Content-Type: application/json"
data = "${body//\"/\\\"}"
END
  )
  [[ ${answer##* } == 2?? ]] || { echo "accounts: $1 $2: $answer" >&2; exit 1; }
  echo "accounts: $2 is set"
}

elastic=$(password elastic) kibana=$(password kibana) naqid=$(password naqid)
ask POST /_security/user/kibana_system/_password "{\"password\": \"$kibana\"}"
ask PUT /_security/role/naqid '{
  "cluster": ["monitor", "manage_index_templates", "manage_ilm"],
  "indices": [{"names": ["naqid-*"], "privileges": ["all"]}]
}'
ask PUT /_security/user/naqid "{\"password\": \"$naqid\", \"roles\": [\"naqid\"]}"
