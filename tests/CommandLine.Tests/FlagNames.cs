namespace Swarm.CommandLine.Tests;

/// <summary>Every flag of docker service create and update (version 28), with a value that makes sense.</summary>
internal static class FlagNames
{
    /// <summary>FLAG VALUE; FLAG alone is a switch.</summary>
    internal static readonly string[] Create =
    [
        "cap-add NET_ADMIN", "cap-drop MKNOD", "config c", "constraint node.role==manager", "container-label a=b",
        "credential-spec file://x", "detach", "dns 10.0.0.1", "dns-option ndots:1", "dns-search example.test",
        "endpoint-mode vip", "entrypoint sh", "env A=1", "env-file ENVFILE", "generic-resource gpu=1", "group 5",
        "health-cmd true", "health-interval 1s", "health-retries 1", "health-start-interval 1s",
        "health-start-period 1s", "health-timeout 1s", "host a:10.0.0.1", "hostname h", "init", "isolation default",
        "label a=b", "limit-cpu 0.5", "limit-memory 64m", "limit-pids 50", "log-driver local", "log-opt max-size=1m",
        "max-concurrent 2", "mode global", "mount type=tmpfs,target=/x", "name other", "network n", "no-healthcheck",
        "no-resolve-image", "oom-score-adj 100", "placement-pref spread=node.labels.zone", "publish 80:80", "quiet",
        "read-only", "replicas 2", "replicas-max-per-node 2", "reserve-cpu 0.1", "reserve-memory 16m",
        "restart-condition none", "restart-delay 1s", "restart-max-attempts 1", "restart-window 1s",
        "rollback-delay 1s", "rollback-failure-action continue", "rollback-max-failure-ratio 0.5",
        "rollback-monitor 1s", "rollback-order start-first", "rollback-parallelism 2", "secret s",
        "stop-grace-period 1s", "stop-signal SIGQUIT", "sysctl net.core.somaxconn=512", "tty",
        "ulimit nofile=1024:2048", "update-delay 1s", "update-failure-action rollback",
        "update-max-failure-ratio 0.5", "update-monitor 1s", "update-order start-first", "update-parallelism 2",
        "user 7:8", "with-registry-auth", "workdir /w",
    ];

    internal static readonly string[] Update =
    [
        "args y", "cap-add SYS_TIME", "cap-drop CHOWN", "config-add c", "config-rm old",
        "constraint-add node.role==worker", "constraint-rm node.role==manager", "container-label-add c=d",
        "container-label-rm a", "credential-spec file://x", "detach", "dns-add 10.0.0.2", "dns-option-add ndots:2",
        "dns-option-rm ndots:1", "dns-rm 10.0.0.1", "dns-search-add more.test", "dns-search-rm example.test",
        "endpoint-mode vip", "entrypoint sh", "env-add B=1", "env-rm A", "force", "generic-resource-add gpu=1",
        "generic-resource-rm gpu", "group-add 6", "group-rm 5", "health-cmd true", "health-interval 1s",
        "health-retries 1", "health-start-interval 1s", "health-start-period 1s", "health-timeout 1s",
        "host-add b:10.0.0.1", "host-rm a:10.0.0.1", "hostname i", "image registry.test/web:2", "init",
        "isolation default", "label-add c=d", "label-rm a", "limit-cpu 0.6", "limit-memory 65m", "limit-pids 51",
        "log-driver local", "log-opt max-size=2m", "max-concurrent 3", "mount-add type=tmpfs,target=/y",
        "mount-rm /x", "network-add n", "network-rm n", "no-healthcheck", "no-resolve-image", "oom-score-adj 101",
        "placement-pref-add spread=node.labels.rack", "placement-pref-rm spread=node.labels.zone",
        "publish-add 81:81", "publish-rm 80", "quiet", "read-only", "replicas 3", "replicas-max-per-node 3",
        "reserve-cpu 0.2", "reserve-memory 17m", "restart-condition on-failure", "restart-delay 2s",
        "restart-max-attempts 2", "restart-window 2s", "rollback", "rollback-delay 2s",
        "rollback-failure-action continue", "rollback-max-failure-ratio 0.6", "rollback-monitor 2s",
        "rollback-order start-first", "rollback-parallelism 3", "secret-add s", "secret-rm old", "stop-grace-period 2s",
        "stop-signal SIGINT", "sysctl-add net.core.somaxconn=513", "sysctl-rm net.core.somaxconn", "tty",
        "ulimit-add nofile=1025:2048", "ulimit-rm nofile", "update-delay 2s", "update-failure-action rollback",
        "update-max-failure-ratio 0.6", "update-monitor 2s", "update-order start-first", "update-parallelism 3",
        "user 9:9", "with-registry-auth", "workdir /v",
    ];

    /// <summary>They change what the command does and not the spec, or say what there is one of.</summary>
    internal static readonly string[] ChangeNoSpec =
        ["detach", "quiet", "no-resolve-image", "endpoint-mode", "isolation", "with-registry-auth"];
}
