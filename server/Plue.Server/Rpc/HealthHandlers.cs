using Plue.Protocol;
using Plue.Server.Health;
using Plue.Server.Platform;
using HealthAction = Plue.Protocol.HealthAction;
using HealthState = Plue.Protocol.HealthState;

namespace Plue.Server.Rpc;

/// <summary>health/check. The command line calls the same method.</summary>
internal sealed class HealthHandlers(HealthServices services)
{
    public void Register(RpcServer server) => server.Map(Methods.HealthCheck, CheckAsync);

    public Task<HealthCheckResult> CheckAsync(HealthCheckParams parameters, CancellationToken cancellationToken) =>
        CheckAsync(parameters, notOpened: null, cancellationToken);

    /// <param name="notOpened">Why the vault could not be opened for this check; null if it was opened or not needed.</param>
    public async Task<HealthCheckResult> CheckAsync(HealthCheckParams parameters, string? notOpened, CancellationToken cancellationToken)
    {
        var report = await new HealthChecks(services) { NotOpened = notOpened }.RunAsync(parameters.Online ?? false, cancellationToken);
        return new HealthCheckResult(report.IsHealthy, PlatformServices.Version, [.. report.Rows.Select(View)]);
    }

    private static HealthRowView View(HealthRow row) =>
        new()
        {
            Name = row.Name,
            State = (HealthState)row.State,
            IsRequired = row.IsNeeded,
            Message = row.Sentence,
            Advice = row.Advice,
            Fix = row.Fix is { } fix ? new HealthFixView((HealthAction)fix.Action, fix.Target) : null,
        };
}
