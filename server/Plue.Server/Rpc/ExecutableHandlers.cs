using Plue.Protocol;
using Plue.Server.Providers.Connections;
using Plue.Server.Providers.External;

namespace Plue.Server.Rpc;

/// <summary>provider/executables and provider/approve: the programs that may answer as providers.</summary>
internal sealed class ExecutableHandlers(RpcServer server, ExternalPrograms programs, ProviderRegistry providers)
{
    public void Register()
    {
        server.Map(
            Methods.ProviderExecutables,
            async (_, cancellationToken) =>
            {
                var named = providers.List().Select(provider => provider.Settings.Command).OfType<string>().ToList();
                return new ProviderExecutablesResult([.. (await Task.Run(() => programs.List(named), cancellationToken)).Select(View)]);
            }
        );
        server.Map(
            Methods.ProviderApprove,
            async (parameters, cancellationToken) =>
                View(await Task.Run(() => programs.Approve(parameters.Path, parameters.Sha256), cancellationToken))
        );
    }

    private static ExecutableView View(ExternalProgram program) =>
        new(program.Path, Path.GetFileName(program.Path), program.Sha256, program.IsApproved, program.ChangedSinceApproval);
}
