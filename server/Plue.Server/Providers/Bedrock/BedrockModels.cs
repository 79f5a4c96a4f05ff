using Plue.Server.Messages;

namespace Plue.Server.Providers.Bedrock;

/// <summary>
/// Parses model ids: <c>us.anthropic.claude-sonnet-5</c> is a model of Anthropic that is available in the regions of the United States.
/// </summary>
internal static class BedrockModels
{
    /// <summary>The geographies, their display names, and the prefixes of the regions from which they can be called.</summary>
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

    /// <summary>True if the vendor in the id is <paramref name="vendor"/>; for the ARN of a profile, its last part is used.</summary>
    public static bool IsOf(string model, string vendor)
    {
        var name = model[(model.LastIndexOf('/') + 1)..];
        return name.StartsWith(vendor + ".", StringComparison.Ordinal) || name.Contains($".{vendor}.", StringComparison.Ordinal);
    }

    /// <summary>True if a model that is called with <c>converse</c> supports cache points; other models reject them.</summary>
    public static bool SupportsCachePoints(string model) => IsOf(model, "amazon") && model.Contains("nova", StringComparison.Ordinal);

    /// <summary>Returns the path of a call. The colon is not escaped, as in the AWS CLI.</summary>
    public static string PathOf(string model) => "/model/" + Uri.EscapeDataString(model).Replace("%3A", ":");

    /// <summary>Returns null if the model can be called from the region, according to its id.</summary>
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

    /// <summary>Returns a small model to check if none is configured.</summary>
    public static string CheapModelIn(string? region) =>
        $"{(region is null ? "us" : GeographyOf(region) ?? "global")}.anthropic.claude-haiku-4-5-20251001-v1:0";

    /// <summary>Returns the geography of a region; null if there is none.</summary>
    private static string? GeographyOf(string region) =>
        region.StartsWith("us-gov-", StringComparison.Ordinal) ? "us-gov"
        : region.StartsWith("us-", StringComparison.Ordinal) || region.StartsWith("ca-", StringComparison.Ordinal) ? "us"
        : region.StartsWith("eu-", StringComparison.Ordinal) ? "eu"
        : region is "ap-northeast-1" or "ap-northeast-3" ? "jp"
        : region is "ap-southeast-2" or "ap-southeast-4" ? "au"
        : null;
}
