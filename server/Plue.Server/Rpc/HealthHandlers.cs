using Plue.Protocol;
using Plue.Server.Health;
using HealthAction = Plue.Protocol.HealthAction;
using HealthState = Plue.Protocol.HealthState;

namespace Plue.Server.Rpc;

/// <summary>health/check. The command line calls the same method.</summary>
internal sealed class HealthHandlers(HealthServices services)
{
    public void Register(RpcServer server) => server.Map(Methods.HealthCheck, CheckAsync);

    public async Task<HealthCheckResult> CheckAsync(HealthCheckParams parameters, CancellationToken cancellationToken)
    {
        var report = await new HealthChecks(services).RunAsync(parameters.Online ?? false, cancellationToken);
        return new HealthCheckResult(report.IsHealthy, services.Version, [.. report.Rows.Select(View)]);
    }

    private static HealthRowView View(HealthRow row) => new()
    {
        Name = row.Name,
        State = (HealthState)row.State,
        Needed = row.IsNeeded,
        Sentence = row.Sentence,
        Advice = row.Advice,
        Fix = row.Fix is { } fix ? new HealthFixView((HealthAction)fix.Action, fix.Target) : null,
    };
}
