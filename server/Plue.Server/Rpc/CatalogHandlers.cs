using Plue.Protocol;
using Plue.Server.Catalog;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Rpc;

/// <summary>catalog/*: the catalog of providers and models, and the user's catalogs.</summary>
internal sealed class CatalogHandlers(RpcServer server, CatalogServices services, UsageLedger usage)
{
    private readonly ProviderCatalog catalog = services.Catalog;
    private readonly UserCatalogs own = services.Own;

    public void Register()
    {
        server.Map(Methods.CatalogList, (_, _) => Task.FromResult(CatalogViews.List(catalog.List())));
        server.Map(
            Methods.CatalogGet,
            async (parameters, cancellationToken) =>
                CatalogViews.Detail(
                    catalog.Get(parameters.Id)
                        ?? throw new FailureException(FailureKind.NotFound, $"There is no catalog named {parameters.Id}."),
                    await usage.TypicalChatAsync(cancellationToken)
                )
        );
        server.Map(
            Methods.CatalogSave,
            async (parameters, cancellationToken) =>
                CatalogViews.Detail(
                    own.Save(parameters.Document, parameters.PreviousId, parameters.AllowOriginChange ?? false),
                    await usage.TypicalChatAsync(cancellationToken)
                )
        );
        server.Map(
            Methods.CatalogDelete,
            (parameters, _) =>
            {
                own.Delete(parameters.Id, parameters.AllowOriginChange ?? false);
                return Task.FromResult(new Empty());
            }
        );
        server.Map(
            Methods.CatalogValidate,
            (parameters, _) =>
                Task.FromResult(new CatalogValidateResult([.. catalog.Validate(parameters.Document).Select(CatalogViews.Problem)]))
        );
        server.Map(
            Methods.CatalogImport,
            (parameters, _) =>
                Task.FromResult(
                    CatalogViews.Imported(
                        own.Import(parameters.Path, parameters.Replace ?? false, parameters.AllowOriginChange ?? false),
                        catalog
                    )
                )
        );
        server.Map(
            Methods.CatalogExport,
            (parameters, _) =>
            {
                own.Export(parameters.Ids, parameters.Path);
                return Task.FromResult(new Empty());
            }
        );
        server.Map(
            Methods.CatalogRefresh,
            async (_, cancellationToken) => CatalogViews.Refreshed(await services.Refresh.RunAsync(cancellationToken))
        );
        server.Map(Methods.CatalogStats, (_, _) => Task.FromResult(CatalogViews.Stats(catalog)));
        server.Map(Methods.CatalogStartingPoints, (_, _) => Task.FromResult(CatalogViews.StartingPoints()));
        server.Map(Methods.CatalogBackups, (_, _) => Task.FromResult(CatalogViews.Backups(own)));
        server.Map(
            Methods.CatalogRestore,
            async (parameters, cancellationToken) =>
                CatalogViews.Detail(
                    own.Restore(parameters.BackupId, parameters.AllowOriginChange ?? false),
                    await usage.TypicalChatAsync(cancellationToken)
                )
        );
    }
}
