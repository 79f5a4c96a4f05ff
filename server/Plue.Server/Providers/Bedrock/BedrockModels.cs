using Plue.Server.Messages;

namespace Plue.Server.Providers.Bedrock;

/// <summary>
/// What the id of a model says: <c>us.anthropic.claude-sonnet-5</c> is a model of Anthropic that answers from the regions of the United States.
/// </summary>
internal static class BedrockModels
{
    /// <summary>The geographies, what people call them, and how the regions begin from which they may be called.</summary>
    private static readonly (string Prefix, string Name, string[] Regions)[] Geographies =
    [
        ("us", "the United States", ["us-", "ca-"]),
        ("us-gov", "AWS GovCloud", ["us-gov-"]),
        ("eu", "Europe", ["eu-"]),
        ("apac", "Asia and the Pacific", ["ap-", "me-"]),
        ("jp", "Japan", ["ap-northeast-"]),
        ("au", "Australia", ["ap-southeast-"]),
        ("ca", "Canada", ["ca-"]),
    ];

    /// <summary>Whether the vendor's part of the id is this one; of an address of a profile (ARN) the last part counts.</summary>
    public static bool IsOf(string model, string vendor)
    {
        var name = model[(model.LastIndexOf('/') + 1)..];
        return name.StartsWith(vendor + ".", StringComparison.Ordinal) || name.Contains($".{vendor}.", StringComparison.Ordinal);
    }

    /// <summary>Of the models that are asked with <c>converse</c>; others refuse a request with a cache point.</summary>
    public static bool TakesCachePoints(string model) => IsOf(model, "amazon") && model.Contains("nova", StringComparison.Ordinal);

    /// <summary>As the address of a call has it. AWS's own programs leave the colon as it is.</summary>
    public static string PathOf(string model) => "/model/" + Uri.EscapeDataString(model).Replace("%3A", ":");

    /// <summary>Null when the model can be called from the region, as far as its id tells.</summary>
    public static Failure? WrongRegion(string model, string region, string provider)
    {
        var at = model.IndexOf('.');
        if (at < 0 || Geographies.FirstOrDefault(known => known.Prefix == model[..at]) is not { Prefix: not null } geography)
        {
            return null;
        }
        var isGov = region.StartsWith("us-gov-", StringComparison.Ordinal);
        if (geography.Regions.Any(start => region.StartsWith(start, StringComparison.Ordinal)) && (geography.Prefix == "us-gov" || !isGov))
        {
            return null;
        }
        var other = GeographyOf(region) is { } fitting ? $", or choose {fitting}.{model[(at + 1)..]}" : "";
        return new Failure(
            FailureKind.BadRequest,
            $"The model {model} answers from {geography.Name} only, and the region of {provider} is {region}. Set a region there (one that begins with {geography.Regions[0]}){other}."
        );
    }

    /// <summary>A small model to ask when none is chosen.</summary>
    public static string CheapModelIn(string? region) =>
        $"{(region is null ? "us" : GeographyOf(region) ?? "global")}.anthropic.claude-haiku-4-5-20251001-v1:0";

    /// <summary>Null where none is fixed to the region.</summary>
    private static string? GeographyOf(string region) =>
        region.StartsWith("us-gov-", StringComparison.Ordinal) ? "us-gov"
        : region.StartsWith("us-", StringComparison.Ordinal) || region.StartsWith("ca-", StringComparison.Ordinal) ? "us"
        : region.StartsWith("eu-", StringComparison.Ordinal) ? "eu"
        : region is "ap-northeast-1" or "ap-northeast-3" ? "jp"
        : region is "ap-southeast-2" or "ap-southeast-4" ? "au"
        : null;
}
