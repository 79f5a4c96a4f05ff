using Plue.Protocol;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Providers.External;

namespace Plue.Server.Rpc;

/// <summary>provider/executables and provider/approve: programs that can be used as providers.</summary>
/// <param name="findAgents">Returns the known agents that are installed.</param>
internal sealed class ExecutableHandlers(
    RpcServer server,
    ExternalPrograms programs,
    ProviderRegistry providers,
    Func<IReadOnlyList<ProviderSettings>> findAgents
)
{
    public void Register()
    {
        server.Map(
            Methods.ProviderExecutables,
            async (_, cancellationToken) =>
            {
                var configured = providers
                    .List()
                    .Select(provider => provider.Settings)
                    .Where(settings => settings.Command is not null)
                    .ToList();
                return await Task.Run(
                    () =>
                    {
                        var agents = findAgents()
                            .Concat(configured.Where(settings => settings.Capabilities.IsAgent))
                            .DistinctBy(agent => agent.Command, StringComparer.Ordinal)
                            .ToDictionary(agent => agent.Command!, StringComparer.Ordinal);
                        return new ProviderExecutablesResult([
                            .. programs
                                .List(configured.Select(settings => settings.Command!).Concat(agents.Keys))
                                .Select(program => View(program, agents.GetValueOrDefault(program.Path))),
                        ]);
                    },
                    cancellationToken
                );
            }
        );
        server.Map(
            Methods.ProviderApprove,
            async (parameters, cancellationToken) =>
                View(await Task.Run(() => programs.Approve(parameters.Path, parameters.Sha256), cancellationToken))
        );
    }

    /// <param name="agent">The provider of a known agent; null for other programs.</param>
    private static ExecutableView View(ExternalProgram program, ProviderSettings? agent = null) =>
        new(
            program.Path,
            Path.GetFileName(program.Path),
            program.Sha256,
            program.IsApproved,
            program.ChangedSinceApproval,
            agent?.Name,
            agent?.Arguments
        );
}
